{#- One row a voucher, with the dates that decide its fate. Never kept: it is about single users.
    A redemption of a voucher nobody issued belongs to the campaign it names, or to 'unknown'. -#}
with issues as (
  select
    voucher_id,
    campaign_id,
    user_id,
    data_date as issued_date,
    issued_at,
    {{ local_date('expires_at') }} as expires_date
  from {{ ref('stg_voucher__issues') }}
),

first_redemptions as (
  select
    *,
    row_number() over (
      partition by voucher_id
      order by redeemed_at, user_id, merchant_id, order_cny, subsidy_cny
    ) as place
  from {{ ref('stg_voucher__redemptions') }}
)

select
  coalesce(issues.voucher_id, redemptions.voucher_id) as voucher_id,
  coalesce(issues.campaign_id, redemptions.campaign_id, 'unknown') as campaign_id,
  coalesce(issues.user_id, redemptions.user_id) as user_id,
  issues.issued_date,
  issues.expires_date,
  redemptions.data_date as redeemed_date,
  {{ local_date('redemptions.refunded_at') }} as refunded_date,
  coalesce(
    redemptions.redeemed_at < {{ dbt.dateadd(
      'day', 'cast(' ~ param('voucher_window_days') ~ ' as integer)', 'issues.issued_at'
    ) }},
    false
  ) as is_redeemed_within_window,
  redemptions.order_cny,
  redemptions.subsidy_cny
from issues
full outer join (select * from first_redemptions where place = 1) as redemptions
  on issues.voucher_id = redemptions.voucher_id
