{#- The only place of suppression: counts of distinct devices, before any scaling, must reach k, and
    so must the devices that stand for persons; then they are rounded. No total over regions or hours
    is published. -#}
with good as (
  select
    good.data_date,
    good.value_date,
    counts.hour,
    counts.region_id,
    counts.coverage_share,
    counts.missing_reason as collection_reason,
    case when good.value_date < good.data_date then 'stale' end as age_reason,
    {{ published_count('counts.device_count') }} as device_count,
    {{ published_estimate('counts.persons', 'counts.weighted_device_count') }} as persons,
    {{ published_standard_error(
      'counts.standard_error_persons', 'counts.persons', 'counts.weighted_device_count'
    ) }} as standard_error_persons,
    counts.weighted_device_count < {{ param('k_anonymity') }} as is_small_sample
  from {{ last_good_dates('int_mobility__present_hour') }} as good
  inner join {{ history('int_mobility__present_hour', var('stale_max_days')) }} as counts
    on good.value_date = counts.data_date
)

select
  data_date,
  value_date,
  cast(hour as integer) as hour,
  region_id,
  device_count,
  persons,
  cast(round(standard_error_persons) as bigint) as standard_error_persons,
  round(coverage_share, 4) as coverage_share,
  case
    when collection_reason is not null then collection_reason
    when device_count is null then 'suppressed'
    else age_reason
  end as missing_reason,
  case
    when persons is not null then age_reason
    when is_small_sample then 'suppressed'
    when collection_reason is not null then collection_reason
    when device_count is null then 'suppressed'
    else 'no_homes'
  end as persons_missing_reason
from good
