from pipelines.mobility.population import coverage_hour


def model(dbt, session):
    return coverage_hour(dbt.ref("int_mobility__cell_history"), dbt.ref("int_calendar__window"))
