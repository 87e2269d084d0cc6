{#- The devices that stand for persons on each date: those with a home, seen in the days before it and
    since their carrier last changed its identifiers, and no machines. Devices not seen on the date
    itself are kept: leaving them out would move the people of a district without reception into the
    others. A carrier that is missing on the date has no sample. -#}
with seen as (
  select
    dates.data_date,
    dates.reference_date,
    days.device_id,
    coalesce(days.carrier, 'unknown') as carrier,
    days.data_date as seen_date,
    row_number() over (
      partition by dates.data_date, days.device_id order by days.data_date desc
    ) as recency
  from {{ ref('int_mobility__home_of_date') }} as dates
  inner join {{ ref('int_mobility__device_history') }} as days
    on days.data_date <= dates.data_date
    and days.data_date > {{ add_days('dates.data_date', '-' ~ var('device_history_days')) }}
  where {{ in_window('dates.data_date') }}
),

carriers as (
  select data_date, coalesce(carrier, 'unknown') as carrier, error_code
  from {{ history('int_mobility__carrier_day', var('device_history_days')) }} as days
),

reporting as (
  select
    today.data_date,
    today.carrier,
    max(case when past.error_code = 'identifiers_changed' then past.data_date end) as changed_date
  from carriers as today
  inner join carriers as past
    on today.carrier = past.carrier
    and past.data_date <= today.data_date
    and past.data_date > {{ add_days('today.data_date', '-' ~ var('device_history_days')) }}
  where coalesce(today.error_code, '') <> 'carrier_missing'
  group by today.data_date, today.carrier
)

select seen.data_date, seen.device_id, homes.home_region_id, seen.carrier
from seen
inner join reporting
  on seen.data_date = reporting.data_date
  and seen.carrier = reporting.carrier
  and seen.seen_date >= coalesce(reporting.changed_date, seen.seen_date)
inner join {{ ref('int_mobility__home') }} as homes
  on seen.reference_date = homes.reference_date
  and seen.device_id = homes.device_id
  and homes.home_missing_reason is null
  and homes.home_region_id is not null
left join {{ ref('int_mobility__machine_day') }} as machines
  on seen.data_date = machines.data_date and seen.device_id = machines.device_id
where seen.recency = 1 and machines.device_id is null
