{#- The last offer of a shop for a product on a day. -#}
with ranked as (
  select
    *,
    row_number() over (
      partition by data_date, shop_id, product_id
      order by captured_at desc, listing_id desc, price_cny desc, cost_cny desc
    ) as place
  from {{ ref('stg_merchant__listings') }}
  where {{ in_window() }}
)

select
  data_date,
  shop_id,
  product_id,
  category,
  region_id,
  price_cny,
  cost_cny,
  pack_quantity
from ranked
where place = 1
