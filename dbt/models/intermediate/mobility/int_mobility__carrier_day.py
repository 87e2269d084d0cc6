from pipelines.mobility.models import carrier_day


def model(dbt, session):
    return carrier_day(dbt.ref("int_mobility__device_history"), dbt.ref("int_calendar__window"))
