from pipelines.mobility.population import present_stratum_hour


def model(dbt, session):
    segments, sample = dbt.ref("int_mobility__segment_day"), dbt.ref("int_mobility__sample_day")
    carriers, window = dbt.ref("int_mobility__carrier_day"), dbt.ref("int_calendar__window")
    return present_stratum_hour(segments, sample, carriers, window)
