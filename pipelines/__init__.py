"""CityPulse (城脉): the pipeline as plain functions that `dags/` and the command line call."""
