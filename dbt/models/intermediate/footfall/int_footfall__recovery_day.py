from pipelines.recovery.models import footfall_recovery_day


def model(dbt, session):
    visits, days = dbt.ref("int_footfall__venue_day"), dbt.ref("int_footfall__calendar_day")
    return footfall_recovery_day(
        visits, days, dbt.ref("int_calendar__window"), dbt.ref("parameters")
    )
