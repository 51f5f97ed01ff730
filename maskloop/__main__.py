"""`python -m maskloop` is `maskloop`."""

from maskloop.cli import main

main()
