from pipelines.mobility.models import anchor_day


def model(dbt, session):
    return anchor_day(dbt.ref("int_mobility__segment_day"), dbt.ref("int_calendar__window"))
