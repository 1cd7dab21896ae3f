# Has not been built: there was no container runtime where it was written. Build: docker build -t signl .
# The image holds the command signl, Snakemake and the workflow, with the packages of requirements.txt.
FROM python:3.11-slim

WORKDIR /opt/signl
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
COPY . ./
# Editable: the workflow and the library stay in one place, /opt/signl.
RUN pip install --no-cache-dir --no-deps -e .

# docker run --rm -v "$PWD:/data" signl snakemake --snakefile /opt/signl/Snakefile --cores 2
WORKDIR /data
CMD ["signl", "--help"]
