{#- Who works where, by where they live: as of every date of the window on which homes and workplaces
    are found anew. Persons and variance of a stratified sample (Cochran 1977, 5.3). -#}
with counted as (
  select
    workers.reference_date as data_date,
    workers.home_region_id,
    workers.work_region_id,
    sample.carrier,
    count(*) as device_count
  from {{ ref('int_mobility__worker') }} as workers
  left join {{ ref('int_mobility__sample_day') }} as sample
    on workers.reference_date = sample.data_date and workers.device_id = sample.device_id
  where {{ in_window('workers.reference_date') }}
  group by workers.reference_date, workers.home_region_id, workers.work_region_id, sample.carrier
),

flows as (
  select
    counted.data_date,
    counted.home_region_id,
    counted.work_region_id,
    sum(counted.device_count) as seen_count,
    sum(cast(weights.weight as decimal(18, 6)) * counted.device_count) as seen_persons,
    sum(cast({{ stratum_variance(
      'weights.weight', 'counted.device_count', 'weights.device_count'
    ) }} as decimal(24, 6))) as variance_persons
  from counted
  left join {{ ref('int_mobility__weight_day') }} as weights
    on counted.data_date = weights.data_date
    and counted.home_region_id = weights.home_region_id
    and counted.carrier = weights.carrier
  group by counted.data_date, counted.home_region_id, counted.work_region_id
)

select
  data_date,
  home_region_id,
  work_region_id,
  {{ suppressed_under_k('cast(seen_count as bigint)', 'seen_count') }} as device_count,
  {{ published_estimate('seen_persons', 'seen_count') }} as persons,
  {{ published_standard_error(
    'sqrt(cast(variance_persons as double))', 'seen_persons', 'seen_count'
  ) }} as standard_error_persons,
  case when seen_count < {{ param('k_anonymity') }} then 'suppressed' end as missing_reason
from flows
