print('with a byte order mark', __doc__)
