"""The first page of the site is README.md, with links as they are below docs/."""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files


def on_files(files: Files, config: MkDocsConfig, **_: object) -> Files:
    """Add the page; what it links to beside docs/ is named without a link."""
    text = Path(config.config_file_path).with_name("README.md").read_text(encoding="utf-8")
    text = text.replace("](docs/", "](")
    for name in ("CITATION.cff", "CHANGELOG.md"):
        text = text.replace(f"[{name}]({name})", f"`{name}`")
    files.append(File.generated(config, "index.md", content=text))
    return files
