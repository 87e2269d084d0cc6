{#- Visits by venue and day as far back as a fit may need them. -#}
select
  data_date,
  venue_id,
  visitors,
  coalesce(is_open, visitors > 0) as is_open
from {{ ref('stg_merchant__footfall_daily') }}
where data_date >= {{ days_before_window(var('footfall_history_days')) }}
