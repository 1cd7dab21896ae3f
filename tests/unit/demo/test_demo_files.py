import subprocess
import sys

from signl.demo.demo_files import demo_files


def test_files_are_those_that_are_written(archives):
    found = {str(path) for path in archives.rglob("*") if path.is_file()}
    assert found == set(demo_files(archives))
    assert len(found) == len(demo_files(archives))


def test_rules_can_import_the_names_without_numpy_or_torch():
    script = (
        "import sys, signl.demo.demo_files; "
        "sys.exit(any(name in sys.modules for name in ('numpy', 'torch', 'pyarrow')))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
