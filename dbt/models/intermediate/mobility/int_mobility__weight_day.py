from pipelines.mobility.population import weight_day


def model(dbt, session):
    strata, census = dbt.ref("int_mobility__stratum_day"), dbt.ref("int_mobility__census")
    return weight_day(strata, census, dbt.ref("carrier_shares"), dbt.ref("int_calendar__window"))
