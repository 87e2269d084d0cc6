{{ staged('bronze', 'listings') }}
