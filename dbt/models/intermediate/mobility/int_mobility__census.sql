{#- People of the smallest regions the register has: the districts of the city, and other cities. -#}
select regions.region_id, cast(regions.population as double) as population
from {{ ref('stg_reference__regions') }} as regions
where
  regions.population > 0
  and not exists (
    select 1 from {{ ref('stg_reference__regions') }} as parts
    where parts.parent_id = regions.region_id
  )
