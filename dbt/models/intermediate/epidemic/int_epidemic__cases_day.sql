select
  region_id,
  data_date,
  confirmed,
  suspected,
  cured,
  dead
from {{ ref('stg_epidemic__cases_daily') }}
where {{ in_window() }}
