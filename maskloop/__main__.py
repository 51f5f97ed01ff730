"""`python -m maskloop`, for where the command itself is not on the path."""

from maskloop.cli import main

if __name__ == "__main__":
    main()
