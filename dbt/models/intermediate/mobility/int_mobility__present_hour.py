from pipelines.mobility.population import present_hour


def model(dbt, session):
    counts, weights = (
        dbt.ref("int_mobility__present_stratum_hour"),
        dbt.ref("int_mobility__weight_day"),
    )
    covered, carriers = dbt.ref("int_mobility__coverage_hour"), dbt.ref("int_mobility__carrier_day")
    return present_hour(counts, weights, covered, carriers, dbt.ref("int_calendar__window"))
