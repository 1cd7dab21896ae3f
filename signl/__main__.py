"""``python -m signl``: the command, where no script of it lies on the path."""

from signl.cli.main import main

if __name__ == "__main__":
    main()
