{#- Modified z of an offer's log unit price among the newest offers of the week, one a shop, of one
    product in one region: M = 0.6745 (x - median) / MAD (Iglewicz and Hoaglin). No M where MAD is 0. -#}
with offers as (
  select
    data_date,
    shop_id,
    product_id,
    coalesce(region_id, 'unknown') as region_id,
    ln(cast(price_cny as double) / coalesce(nullif(cast(pack_quantity as double), 0), 1)) as log_price
  from {{ history('int_price__offer_day', var('price_week_days') - 1) }} as offers
  where price_cny > 0
),

ranked as (
  select
    w.data_date as issue_date,
    offers.*,
    row_number() over (
      partition by w.data_date, offers.shop_id, offers.product_id order by offers.data_date desc
    ) as place
  from {{ ref('int_calendar__window') }} as w
  inner join offers
    on offers.data_date <= w.data_date
    and offers.data_date > {{ add_days('w.data_date', -var('price_week_days')) }}
),

week as (
  select * from ranked
  where place = 1
),

medians as (
  select issue_date, product_id, region_id, count(*) as shop_count, median(log_price) as middle
  from week
  group by issue_date, product_id, region_id
),

spreads as (
  select
    week.issue_date,
    week.product_id,
    week.region_id,
    medians.shop_count,
    medians.middle,
    median(abs(week.log_price - medians.middle)) as spread
  from week
  inner join medians
    on week.issue_date = medians.issue_date
    and week.product_id = medians.product_id
    and week.region_id = medians.region_id
  group by 1, 2, 3, 4, 5
)

select
  week.issue_date as data_date,
  week.shop_id,
  week.product_id,
  spreads.shop_count,
  round(exp(week.log_price - spreads.middle) - 1, 4) as excess_share,
  round(
    cast({{ param('price_modified_z_factor') }} as double)
    * (week.log_price - spreads.middle) / spreads.spread,
    4
  ) as modified_z
from week
inner join spreads
  on week.issue_date = spreads.issue_date
  and week.product_id = spreads.product_id
  and week.region_id = spreads.region_id
where
  week.issue_date = week.data_date
  and round(spreads.spread, 9) > 0
  and spreads.shop_count >= {{ param('price_statistical_min_shops') }}
