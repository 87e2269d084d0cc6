{#- A day all venues are closed has a report of closed venues only: that is zero, not missing. -#}
select
  good.data_date,
  good.value_date,
  venues.open_venue_count,
  venues.reporting_venue_count,
  venues.visitors,
  round(cast(venues.visitors as double) / nullif(venues.open_venue_count, 0), 4)
    as visitors_per_open_venue,
  case when good.value_date < good.data_date then 'stale' end as missing_reason
from {{ last_good_dates('int_footfall__city_day') }} as good
inner join {{ history('int_footfall__city_day', var('stale_max_days')) }} as venues
  on good.value_date = venues.data_date
