{#- Sales with the category and region of the shop's last listing of the product; the window, and the
    days before it a stock figure may still come from. -#}
with sales as (
  select * from {{ ref('stg_merchant__sales_daily') }}
  where data_date >= {{ days_before_window(var('stale_max_days')) }}
),

offers as (
  select *
  from {{ history('int_price__offer_day', var('listing_max_age_days') + var('stale_max_days')) }}
    as offers
),

last_offers as (
  select
    sales.data_date,
    sales.shop_id,
    sales.product_id,
    max(offers.data_date) as offer_date
  from sales
  inner join offers
    on sales.shop_id = offers.shop_id
    and sales.product_id = offers.product_id
    and offers.data_date <= sales.data_date
    and offers.data_date >= {{ add_days('sales.data_date', -var('listing_max_age_days')) }}
  group by sales.data_date, sales.shop_id, sales.product_id
)

select
  sales.data_date,
  sales.shop_id,
  sales.product_id,
  coalesce(offers.region_id, 'unknown') as region_id,
  coalesce(offers.category, 'unknown') as category,
  sales.units,
  sales.stock_units
from sales
left join last_offers
  on sales.data_date = last_offers.data_date
  and sales.shop_id = last_offers.shop_id
  and sales.product_id = last_offers.product_id
left join offers
  on last_offers.shop_id = offers.shop_id
  and last_offers.product_id = offers.product_id
  and last_offers.offer_date = offers.data_date
