from pipelines.mobility.models import trip_day


def model(dbt, session):
    return trip_day(dbt.ref("int_mobility__segment_day"), dbt.ref("int_calendar__window"))
