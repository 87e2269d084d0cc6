from pipelines.mobility.models import track_day


def model(dbt, session):
    events, cells = dbt.ref("stg_signaling__events"), dbt.ref("stg_signaling__cells")
    return track_day(events, cells, dbt.ref("int_calendar__window"))
