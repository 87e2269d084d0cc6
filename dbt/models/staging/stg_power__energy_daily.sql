{{ staged('bronze', 'energy_daily') }}
