"""Programs that the batteries run, each in processes of its own: `python -m tests.journey.programs.NAME`."""
