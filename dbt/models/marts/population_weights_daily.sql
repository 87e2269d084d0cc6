{#- Suppressed by whole home regions: the census is public, so one hidden carrier of a region could be
    had by subtraction. A weight is of published figures: an exact one would undo the rounding. -#}
with strata as (
  select
    *,
    min(device_count) over (partition by data_date, home_region_id) >= {{ param('k_anonymity') }}
      as is_published
  from {{ ref('int_mobility__weight_day') }}
)

select
  data_date,
  home_region_id,
  carrier,
  case when is_published then {{ published_count('device_count') }} end as device_count,
  case when is_published then cast(round(persons) as bigint) end as persons,
  case when is_published then round(persons / {{ published_count('device_count') }}, 4) end as weight,
  margins,
  case when not is_published then 'suppressed' end as missing_reason
from strata
