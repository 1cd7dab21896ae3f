"""Print tables of results: ``python -m signl.evaluation.show results/crossdomain.csv ...``."""

import sys

from signl.evaluation.tables import format_table

if __name__ == "__main__":
    for path in sys.argv[1:]:
        sys.stdout.write(f"{path}\n{format_table(path)}\n\n")
