from pipelines.mobility.attendance import at_work_day


def model(dbt, session):
    return at_work_day(
        dbt.ref("int_mobility__worker"),
        dbt.ref("int_mobility__anchor_day"),
        dbt.ref("int_mobility__home_of_date"),
        dbt.ref("int_calendar__window"),
    )
