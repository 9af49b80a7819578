"""`python -m xdomain`."""

from xdomain.cli.app import main

if __name__ == "__main__":
    main()
