{{ staged('bronze', 'trips') }}
