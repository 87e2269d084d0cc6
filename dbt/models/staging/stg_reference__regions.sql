{{ staged('bronze', 'regions') }}
