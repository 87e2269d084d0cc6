{{ staged('bronze', 'campaigns') }}
