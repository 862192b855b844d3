"""`python -m vliwc`."""

from vliwc.cli.main import main

if __name__ == "__main__":
    main()
