{#- Who came back to which community, by the risk of where they came from; and for the whole city by
    means of transport, from tickets. The two sources know nothing of each other's persons: phones do
    not say the mode, tickets not the community. The row `all` is the sum of the published rows. -#}
with daily as (
  select *
  from {{ history('int_mobility__returnee_day', var('stale_max_days') + var('returnee_days')) }}
    as daily
),

good as (
  select * from {{ last_good_dates('int_mobility__returnee_day') }} as good
),

{#- the level looks back `returnee_days`: a person is watched for fourteen days -#}
scores as (
  select
    good.data_date,
    daily.region_id,
    sum(daily.device_count) as device_count,
    1000.0 * sum(daily.device_count * weights.weight)
    / nullif(max(case when daily.data_date = good.value_date then daily.resident_count end), 0)
      as score
  from good
  inner join daily
    on daily.data_date <= good.value_date
    and daily.data_date > {{ add_days('good.value_date', '-' ~ var('returnee_days')) }}
  inner join {{ ref('returnee_weights') }} as weights on daily.origin_risk = weights.origin_risk
  group by good.data_date, daily.region_id
),

levels as (
  select scores.data_date, scores.region_id, levels.community_level
  from scores
  inner join {{ ref('community_levels') }} as levels
    on scores.score >= levels.lower_score
    and (levels.upper_score is null or scores.score < levels.upper_score)
  where scores.device_count = 0 or not {{ below_k('scores.device_count') }}
),

communities as (
  select
    good.data_date,
    good.value_date,
    daily.region_id,
    'all' as mode,
    daily.origin_risk,
    case when daily.device_count = 0 then 0 else {{ published_count('daily.device_count') }} end
      as device_count
  from good
  inner join daily on good.value_date = daily.data_date
),

tickets as (
  select
    tickets.data_date,
    tickets.value_date,
    '{{ var("city_region_id") }}' as region_id,
    tickets.mode,
    risk.risk_level as origin_risk,
    sum(tickets.passenger_count) as device_count
  from {{ ref('ticketing_intercity_daily') }} as tickets
  inner join {{ ref('int_mobility__city_risk_day') }} as risk
    on tickets.value_date = risk.data_date and tickets.other_region_id = risk.city_region_id
  where tickets.direction = 'arrival' and tickets.mode <> 'all'
  group by tickets.data_date, tickets.value_date, tickets.mode, risk.risk_level
),

cells as (
  select * from communities
  union all
  select * from tickets
),

with_total as (
  select * from cells
  union all
  select
    data_date,
    value_date,
    region_id,
    mode,
    'all',
    {#- nothing published beside something suppressed is not nobody -#}
    case when count(*) = count(device_count) or sum(device_count) > 0 then sum(device_count) end
  from cells
  group by data_date, value_date, region_id, mode
)

select
  with_total.data_date,
  with_total.value_date,
  with_total.region_id,
  with_total.mode,
  with_total.origin_risk,
  cast(with_total.device_count as bigint) as arrival_count,
  case when with_total.origin_risk = 'all' and with_total.mode = 'all' then levels.community_level end
    as community_level,
  case
    when with_total.device_count is null then 'suppressed'
    when with_total.value_date < with_total.data_date then 'stale'
  end as missing_reason
from with_total
left join levels
  on with_total.data_date = levels.data_date and with_total.region_id = levels.region_id
