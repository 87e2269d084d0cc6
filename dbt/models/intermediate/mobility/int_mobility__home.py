from pipelines.mobility.models import home


def model(dbt, session):
    anchors, references = (
        dbt.ref("int_mobility__anchor_history"),
        dbt.ref("int_mobility__home_of_date"),
    )
    festivals, calendar = dbt.ref("lunar_new_year"), dbt.ref("stg_reference__calendar")
    return home(anchors, references, festivals, calendar)
