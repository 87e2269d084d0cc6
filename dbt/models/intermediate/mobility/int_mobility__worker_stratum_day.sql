{#- Workers by region of work, region of home and carrier: how many there are, how many were at their
    workplace and how many in the city that day. A carrier of whose workers hardly any was seen has
    sent nothing, or new identifiers: it has no row, so that what it did not report lowers nothing. -#}
with changes as (
  select coalesce(carrier, 'unknown') as carrier, data_date
  from {{ history('int_mobility__carrier_day', var('anchor_history_days')) }} as days
  where error_code = 'identifiers_changed'
),

workers as (
  select
    dates.data_date,
    workers.device_id,
    workers.home_region_id,
    workers.work_region_id,
    workers.carrier
  from {{ ref('int_mobility__home_of_date') }} as dates
  inner join {{ ref('int_mobility__worker') }} as workers
    on dates.reference_date = workers.reference_date
  where
    {{ in_window('dates.data_date') }}
    -- identifiers from before a change are never seen again
    and not exists (
      select 1 from changes
      where changes.carrier = workers.carrier
        and changes.data_date > workers.last_seen_date
        and changes.data_date <= dates.data_date
    )
),

outages as (
  -- too few cells of the district reported in too many of the working hours to see who is at work;
  -- where only a carrier is missing, persons are known and the other carriers stand for it
  select data_date, region_id
  from {{ ref('int_mobility__present_hour') }}
  where
    missing_reason = 'not_collected'
    and persons is null
    and hour >= {{ param('work_hours_from') }}
    and hour < {{ param('work_hours_to') }}
  group by data_date, region_id
  having count(*) > {{ param('work_outage_max_hours') }}
),

counted as (
  select
    workers.data_date,
    workers.work_region_id,
    workers.home_region_id,
    workers.carrier,
    count(*) as worker_count,
    count(days.device_id) as seen_count,
    count(at_work.device_id) as active_count,
    count(work_city.region_id) as in_city_count
  from workers
  left join {{ ref('int_mobility__device_day') }} as days
    on workers.data_date = days.data_date and workers.device_id = days.device_id
  left join {{ ref('int_mobility__at_work_day') }} as at_work
    on workers.data_date = at_work.data_date and workers.device_id = at_work.device_id
  left join {{ ref('int_reference__region_city') }} as cities
    on workers.work_region_id = cities.region_id
  left join {{ ref('int_reference__region_city') }} as work_city
    on days.main_region_id = work_city.region_id
    and cities.city_region_id = work_city.city_region_id
  group by workers.data_date, workers.work_region_id, workers.home_region_id, workers.carrier
),

carriers as (
  select
    data_date,
    carrier,
    {{ share_of('sum(seen_count)', 'sum(worker_count)') }} as seen_share
  from counted
  group by data_date, carrier
)

select
  counted.data_date,
  counted.work_region_id,
  counted.home_region_id,
  counted.carrier,
  counted.worker_count,
  counted.active_count,
  counted.in_city_count,
  weights.weight,
  outages.region_id is null as is_covered
from counted
left join outages
  on counted.data_date = outages.data_date and counted.work_region_id = outages.region_id
inner join carriers
  on counted.data_date = carriers.data_date
  and counted.carrier = carriers.carrier
  and carriers.seen_share >= {{ param('carrier_reporting_min_share') }}
inner join {{ ref('int_mobility__weight_day') }} as weights
  on counted.data_date = weights.data_date
  and counted.home_region_id = weights.home_region_id
  and counted.carrier = weights.carrier
