from pipelines.recovery.models import fused_index_day


def model(dbt, session):
    values, weights = dbt.ref("int_fused__source_history"), dbt.ref("fused_index_sources")
    return fused_index_day(values, weights, dbt.ref("int_calendar__window"), dbt.ref("parameters"))
