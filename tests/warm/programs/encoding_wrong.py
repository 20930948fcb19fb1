print('ä')
