from pipelines.disclosure.models import hidden_enterprise_cells


def model(dbt, session):
    cells, parameters = dbt.ref("int_power__cell_day"), dbt.ref("parameters")
    variants = dbt.ref("power_variants").filter("is_primary").fetchall()
    return hidden_enterprise_cells(
        cells, parameters, dbt.config.get("city_region_id"), variants[0][0]
    )
