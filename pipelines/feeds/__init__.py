"""The feeds: one folder each, holding its contract and its providers' formats as YAML."""
