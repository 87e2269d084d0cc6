from pipelines.mobility.models import machine_day


def model(dbt, session):
    return machine_day(dbt.ref("int_mobility__device_history"), dbt.ref("int_calendar__window"))
