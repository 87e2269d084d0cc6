with venues as (
  select data_date, visitors, coalesce(is_open, visitors > 0) as is_open
  from {{ ref('stg_merchant__footfall_daily') }}
  where {{ in_window() }}
)

select
  data_date,
  count(*) as reporting_venue_count,
  cast(sum(case when is_open then 1 else 0 end) as bigint) as open_venue_count,
  cast(sum(case when is_open then visitors else 0 end) as bigint) as visitors
from venues
group by data_date
