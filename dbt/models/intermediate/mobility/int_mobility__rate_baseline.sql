{#- Mean shares of the baseline's days of each kind, for every date of the window. Workdays are held
    against workdays and days off against days off. -#}
select
  baseline.data_date,
  rates.region_id,
  rates.is_workday,
  count(rates.active_share) as day_count,
  cast(sum(rates.active_share) / count(rates.active_share) as decimal(9, 6)) as active_share,
  cast(sum(rates.in_city_share) / count(rates.in_city_share) as decimal(9, 6)) as in_city_share,
  cast(sum(rates.traveller_share) / count(rates.traveller_share) as decimal(9, 6)) as traveller_share
from {{ ref('int_power__baseline_day') }} as baseline
inner join {{ ref('int_mobility__worker_rate_day') }} as rates
  on baseline.baseline_date = rates.data_date
where baseline.baseline_kind = '{{ var("mobility_baseline_kind") }}'
group by baseline.data_date, rates.region_id, rates.is_workday
having count(rates.active_share) >= {{ param('mobility_baseline_min_days') }}
