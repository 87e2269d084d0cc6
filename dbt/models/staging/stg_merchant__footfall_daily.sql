{{ staged('bronze', 'footfall_daily') }}
