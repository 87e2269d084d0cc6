{#- The city of every region: a city is its own, a district belongs to its parent, a township to its
    district's parent. Regions above a city have none and no row. -#}
select
  region.region_id,
  case
    when region.level = 'city' then region.region_id
    when region.level = 'district' then region.parent_id
    else district.parent_id
  end as city_region_id
from {{ ref('stg_reference__regions') }} as region
left join {{ ref('stg_reference__regions') }} as district
  on region.parent_id = district.region_id and district.level = 'district'
where region.level in ('city', 'district')
  or (region.level = 'township' and district.region_id is not null)
